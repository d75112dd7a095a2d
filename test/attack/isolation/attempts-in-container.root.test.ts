import { testRootFolder } from '../../support/root-folder.ts';
import { chooseAttemptSetting, IN_CONTAINER } from './attempt-setting.ts';

chooseAttemptSetting({
  profile: `launcher: container\nroot: ${testRootFolder()}\n`,
  node: true,
  networks: false,
  omitted: IN_CONTAINER,
});
await import('./attempts.test.ts');
