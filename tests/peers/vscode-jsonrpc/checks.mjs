// Counts what held and what did not; the last line of the output is the sum.
let passed = 0, failed = 0;

export async function check(name, body) {
  try {
    await withTimeout(body());
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error?.message ?? error}`);
  }
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

// A peer that never answers is the most likely failure of all.
function withTimeout(promise) {
  let timer;
  const late = new Promise((_, reject) => timer = setTimeout(() => reject(new Error('nothing came within 20 s')), 20_000));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
