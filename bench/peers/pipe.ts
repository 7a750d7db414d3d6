/** The bare Node pipe that the endpoint is measured against. A program of its own. */
import { type AddressInfo, connect, createServer } from 'node:net';
import type { PeerOrder } from './peer.js';

process.once('message', ({ target }: PeerOrder) => {
  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ ...target, noDelay: true });
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.pipe(server).pipe(client);
  });
  listener.listen(0, '127.0.0.1', () => process.send?.((listener.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit(0));
