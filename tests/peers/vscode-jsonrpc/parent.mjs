// vscode-jsonrpc as the worker's end: starts our sandbox and has it run jobs of tests/Sandbox.Tests.
import assert from 'node:assert/strict';
import path from 'node:path';
import rpc from 'vscode-jsonrpc/node';
import { check, finish } from './checks.mjs';
import { startSandbox } from './sandbox.mjs';

const directory = process.argv[2];
const jobs = 'JobRunner.Sandbox.Tests.Jobs.TestJobs, Sandbox.Tests';
const text = ['System.String'], number = ['System.Int32'], context = ['JobRunner.IJobContext, JobRunner.Jobs'];
const progress = new rpc.ProgressType();

const { connection, hello, pid, exited, hangUp } = await startSandbox(directory, 'the token', () => null);
const log = [];
connection.onNotification('log', line => void log.push(line));

await check('hello tells the token, the version and the process', () =>
  assert.deepEqual(hello, { token: 'the token', version: 1, pid }));

await check('run before initialize is refused', () => rejects(-32600, run('Add', [...number, ...number], [1, 2])));

await check('initialize makes the sandbox ready', async () =>
  assert.deepEqual(await connection.sendRequest('initialize', {
    jobAssemblies: [path.join(directory, 'Sandbox.Tests.dll')], modules: ['JobRunner.Sandbox.Tests.Jobs.TestModule, Sandbox.Tests'],
  }), {}));

await check('initialize comes once', () => rejects(-32600, connection.sendRequest('initialize', { jobAssemblies: [], modules: [] })));

await check('a call by name returns', async () =>
  assert.deepEqual(await run('Add', [...number, ...number], [1, 2]), { result: '3' }));

await check('a call by position returns', async () =>
  assert.deepEqual(await connection.sendRequest('run', rpc.ParameterStructures.byPosition,
    1, 1, 'default', jobs, 'Add', [...number, ...number], ['3', '4'], null, null, 1), { result: '7' }));

await check('a call of nothing returns nothing', async () => assert.deepEqual(await run('Nothing', [], []), {}));

await check('members and notifications that nobody knows are ignored', async () => {
  await connection.sendNotification('$/setTrace', { value: 'off' });
  await connection.sendNotification('dance', 'fast', { deep: [[[]]] });
  assert.deepEqual(await run('Add', [...number, ...number], [1, 2], { future: { a: [1] } }), { result: '3' });
});

await check('the log comes before the result', async () => {
  log.length = 0;
  await run('Log', context, [undefined]);
  assert.deepEqual(log, [
    { level: 'Error', message: 'from the logger 42' }, { level: 'Information', message: 'from the console' },
    { level: 'Warning', message: 'from the error console' }, { level: 'Information', message: 'no newline' }]);
});

await check('progress comes with its token, the last one before the result', async () => {
  const seen = [];
  const listening = connection.onProgress(progress, 77, value => void seen.push(value));
  await run('Report', context, [undefined], { progress: 77 });
  listening.dispose();
  assert.deepEqual(seen[0], { fraction: 0, message: 'step 0' });
  assert.deepEqual(seen.at(-1), { fraction: 1, message: 'step 1000' });
});

await check('a call is cancelled', async () => {
  const cancellation = new rpc.CancellationTokenSource();
  const running = run('WaitAsync', ['System.Threading.CancellationToken, mscorlib'], [undefined], {}, cancellation.token);
  setTimeout(() => cancellation.cancel(), 200);
  await rejects(-32800, running);
});

await check('a second call while one runs is refused, and the first goes on', async () => {
  const cancellation = new rpc.CancellationTokenSource();
  const first = run('WaitAsync', ['System.Threading.CancellationToken, mscorlib'], [undefined], {}, cancellation.token);
  await rejects(-32600, run('Nothing', [], []));
  cancellation.cancel();
  await rejects(-32800, first);
});

await check('an exception comes with its type and its cause', async () => {
  const { data, message } = await rejects(-32000, run('Throw', text, ['too bad']));
  assert.equal(message, 'too bad');
  assert.equal(data.type, 'System.InvalidOperationException');
  assert.match(data.stack, /at JobRunner\.Sandbox\.Tests\.Jobs\.TestJobs\.Throw/);
  assert.deepEqual([data.inner.type, data.inner.message], ['System.ArgumentException', 'the cause']);
});

await check('a method and parameters that do not exist are errors, and the connection goes on', async () => {
  await rejects(-32601, connection.sendRequest('dance'));
  await rejects(-32602, connection.sendRequest('run'));
  await rejects(-32602, connection.sendRequest('run', { jobId: 'one' }));
  assert.deepEqual(await run('Add', [...number, ...number], [1, 2]), { result: '3' });
});

await check('10 MB go there and come back', async () => {
  const big = 'grüße € 😀 "\\\n'.repeat(700_000);
  assert.ok(Buffer.byteLength(big) > 10_000_000);
  assert.ok(JSON.parse((await run('EchoAsync', text, [big])).result) === big, 'what came back is something else');
});

await check('the sandbox ends when it is hung up on', async () => {
  hangUp();
  await exited;
});

await check('a sandbox that is refused ends', async () => {
  const refused = await startSandbox(directory, 'wrong', () => new rpc.ResponseError(-32600, 'The token is wrong.'));
  await refused.exited;
});

finish();

function run(method, parameterTypes, values, more = {}, token = rpc.CancellationToken.None) {
  return connection.sendRequest('run', {
    jobId: 42, attempt: 1, queue: 'default', type: jobs, method, parameterTypes,
    arguments: values.map(value => value === undefined ? null : JSON.stringify(value)), progress: 1, ...more,
  }, token);
}

async function rejects(code, call) {
  const error = await call.then(result => assert.fail(`it returned ${JSON.stringify(result)}`), error => error);
  assert.equal(error.code, code, error.message);
  return error;
}
