// vscode-jsonrpc as the sandbox's end: a sandbox in another language, whose jobs are the functions below.
// Steps 1 and 2 of docs/sandbox-protocol.md, which are for safety, need more than node has; they are left out.
import { createInterface } from 'node:readline';
import { createConnection } from 'node:net';
import { parseArgs } from 'node:util';
import rpc from 'vscode-jsonrpc/node';

const { values: { socket: address } } = parseArgs({ options: { socket: { type: 'string' }, parent: { type: 'string' } } });
const token = (await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value;
const socket = createConnection(address);
const connection = rpc.createMessageConnection(new rpc.SocketMessageReader(socket), new rpc.SocketMessageWriter(socket));
const progress = new rpc.ProgressType();
const log = (level, message) => connection.sendNotification('log', { level, message });
let greeted = false;

const jobs = {
  echo: (run, text) => text,

  nothing: () => undefined,

  // What the worker has sent, for it to look at.
  mirror: run => run,

  async report(run) {
    await log('Warning', 'half of it');
    await connection.sendProgress(progress, run.progress, { fraction: 0.5, message: 'half' });
    await connection.sendProgress(progress, run.progress - 1, { fraction: 0.9, message: 'of the job before' });
    await connection.sendProgress(progress, run.progress, { fraction: 1 });
    return 'done';
  },

  // By position, with what nobody knows around it.
  async chat() {
    await connection.sendNotification('$/dance', { fast: true });
    await connection.sendNotification('log', rpc.ParameterStructures.byPosition, 'Error', 'by position');
    await connection.sendNotification('log', { level: 'Debug', message: 'by name', future: [1] });
    await connection.sendNotification('log', { level: 'Debug', message: 'cut in half: ' + '😀'.slice(0, 1) });
    return 'done';
  },

  wait: (run, cancellation) => new Promise((_, reject) => cancellation.onCancellationRequested(() =>
    reject(new rpc.ResponseError(-32800, 'It was cancelled.')))),

  fail() {
    throw new rpc.ResponseError(-32000, 'too bad', {
      type: 'ValueError', message: 'too bad', stack: '  File "job.py", line 1', code: 0, inner: { type: 'KeyError', message: 'the cause' } });
  },

  failInAnotherForm() {
    throw new rpc.ResponseError(-32000, 'too bad', ['not', 'an', 'object']);
  },

  // Answered by vscode-jsonrpc itself, with a code that the protocol does not name.
  throwPlainly() {
    throw new Error('too bad');
  },

  async askForWhatIsNotThere() {
    const codes = [];
    for (const call of [connection.sendRequest('dance'), connection.sendRequest('hello', { token, version: 1, pid: 1 })])
      await call.then(() => codes.push(0), error => codes.push(error.code));
    return codes;
  },

  exit: () => process.exit(0),
};

connection.onRequest('initialize', () => {
  if (!greeted)
    throw new rpc.ResponseError(-32600, 'initialize came before the answer to hello.');
  return {};
});

connection.onRequest('run', async (run, cancellation) => {
  const result = await jobs[run.method](run, ...run.arguments.map(text => text === null ? null : JSON.parse(text)), cancellation);
  return { result: result === undefined ? null : JSON.stringify(result) };
});

connection.onClose(() => process.exit(0));
connection.listen();
await connection.sendRequest('hello', { token, version: 1, pid: process.pid });
greeted = true;
