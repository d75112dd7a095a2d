// `npm run setup`. Plain JavaScript, so that a Node that is too old to run TypeScript gets a sentence and no stack.

// The first 24 with the fixes for known denial of service by JSON and by hash collisions.
const OLDEST_NODE = [24, 14, 1];

const running = process.versions.node.split('.').map(Number);
const place = OLDEST_NODE.findIndex((part, index) => part !== running[index]);
if (place !== -1 && running[place] < OLDEST_NODE[place]) {
  console.error(
    `Cannot set up driverd: this is Node ${process.versions.node}, needed is ${OLDEST_NODE.join('.')} or newer. ` +
      'Run `npm ci` without --omit=optional and then `npm run setup`: it brings the right Node with it, for x64 and arm64.',
  );
  process.exit(1);
}
const { setUp } = await import('./setup/set-up.ts');
const [what, ...others] = process.argv.slice(2);
if (others.length > 0 || (what !== undefined && what !== 'bench')) {
  console.error('usage: npm run setup [-- bench]');
  process.exitCode = 2;
} else process.exitCode = setUp(what === 'bench');
