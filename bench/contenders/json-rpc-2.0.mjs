// node json-rpc-2.0.mjs SOCKET: the package's server behind the least that reads lines from a Unix socket.
import { createServer } from 'node:net';
import { JSONRPCServer } from 'json-rpc-2.0';

const [socket = ''] = process.argv.slice(2);
const server = new JSONRPCServer();
server.addMethod('say', ({ text }) => ({ text }));
createServer((connection) => {
  let rest = '';
  connection.on('error', () => connection.destroy());
  connection.on('data', async (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) connection.write(`${JSON.stringify(await server.receiveJSON(line))}\n`);
  });
}).listen(socket, () => process.stdout.write('listening\n'));
