// For tests of what reads messages: those of all protocols are there when this module is.
import { DIALECTS } from '../known/dialects.ts';
import { loadMessages } from '../known/messages.ts';

await loadMessages(Object.values(DIALECTS).map(({ name }) => name));
