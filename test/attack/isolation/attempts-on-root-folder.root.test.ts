import { testRootFolder } from '../../support/root-folder.ts';
import { chooseAttemptSetting, OTHER_VIEW } from './attempt-setting.ts';

/** The sandbox on a root folder, as a profile asks for it, or as a container falls back to it. */
chooseAttemptSetting({
  profile: `root: ${testRootFolder()}\n`,
  // The checkout's Node may lie where the driver's user cannot reach it; then a root folder is refused.
  node: false,
  networks: true,
  omitted: { ...OTHER_VIEW, 'runs Node': 'there is no driver on Node here' },
});
await import('./attempts.test.ts');
