import { testRootFolder } from '../../support/root-folder.ts';
import { chooseAttemptSetting, IN_CONTAINER } from './attempt-setting.ts';

chooseAttemptSetting({
  profile: `launcher: container\nroot: ${testRootFolder()}\n`,
  // The limit of processes counts those of all launches at once.
  settings: 'limits: { launches: 8 }\n',
  node: true,
  networks: false,
  omitted: IN_CONTAINER,
});
await import('./attempts.test.ts');
