import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface Certificates {
  readonly authority: string;
  /** Without their endings, `.pem` and `.key`. */
  readonly server: string;
  readonly client: string;
}

/** An authority of the test's own, and a certificate from it for each end. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name);
  const openssl = (...words: readonly string[]): void => {
    const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Cannot make a certificate: ${stderr}`);
  };
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  openssl(...request, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=a test');
  for (const name of ['receiver', 'shipper']) {
    const subject = ['-subj', `/CN=${name}.example`, '-addext', `subjectAltName=DNS:${name}.example`];
    const signed = [
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    ];
    openssl(...request, ...signed, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`), ...subject);
  }
  return { authority: at('ca.pem'), server: at('receiver'), client: at('shipper') };
}
