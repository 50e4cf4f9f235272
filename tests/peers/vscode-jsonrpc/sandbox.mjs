// A real sandbox, started as docs/sandbox-protocol.md tells, with a vscode-jsonrpc connection to it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import rpc from 'vscode-jsonrpc/node';

/** @param answerHello makes the answer to the sandbox's first message; what it throws is the answer as well */
export async function startSandbox(directory, token, answerHello) {
  const home = await mkdtemp(path.join(os.tmpdir(), 'peer-')); // with mode 0700
  const address = path.join(home, '1');
  const server = net.createServer();
  await once(server.listen(address), 'listening');
  const child = spawn('dotnet', [
    'exec', '--runtimeconfig', path.join(directory, 'Sandbox.Tests.runtimeconfig.json'),
    '--depsfile', path.join(directory, 'Sandbox.Tests.deps.json'), path.join(directory, 'JobRunner.Sandbox.dll'),
    '--socket', address, '--parent', `${process.pid}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(`${token}\n`);
  child.stdout.resume();
  child.stderr.resume();
  const exited = once(child, 'exit');
  const [socket] = await Promise.race([
    once(server, 'connection'), exited.then(([code]) => { throw new Error(`the sandbox ended with ${code} before it connected`); })]);
  server.close();
  await rm(home, { recursive: true });

  const connection = rpc.createMessageConnection(new rpc.SocketMessageReader(socket), new rpc.SocketMessageWriter(socket));
  const greeted = new Promise(resolve => connection.onRequest('hello', params => (resolve(params), answerHello(params))));
  connection.listen();
  return { connection, exited, pid: child.pid, hello: await greeted, hangUp: () => socket.destroy() };
}
