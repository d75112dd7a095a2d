// node jayson.mjs SOCKET: jayson's server as it comes, on a Unix socket: the floor for any JSON-RPC on Node.
import { readFileSync } from 'node:fs';
import jayson from 'jayson';

const [socket = '', textFile = ''] = process.argv.slice(2);
const text = textFile === '' ? '' : readFileSync(textFile, 'utf8');
const server = new jayson.Server({
  say: ({ text: said }, answer) => answer(null, { text: said }),
  show: (_params, answer) => answer(null, { text }),
});
server.tcp().listen(socket, () => process.stdout.write('listening\n'));
