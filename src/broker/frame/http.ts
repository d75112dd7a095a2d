// method SP request-target SP HTTP-version (RFC 9112 section 3); the method is a token (RFC 9110 section 5.6.2).
const requestLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ ]+ HTTP\/[0-9](?:\.[0-9])?$/;

const openBrace = 0x7b;
const openBracket = 0x5b;

/**
 * Whether a line is an HTTP request line. A browser can be made to send one, with a call as a line of the body, so the
 * connection must end here and not at the next line (as redis does since CVE-2016-10517).
 *
 * @param line without its CR LF
 */
export function isHttpRequestLine(line: Uint8Array): boolean {
  // How every JSON-RPC message begins, and no method: spares those the decoding.
  if (line[0] === openBrace || line[0] === openBracket) return false;
  return requestLine.test(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1'));
}
