// A request as the memory of branches sees it: its puid and nothing else.
import { PUID_HEADER } from '../../../graph/plan/names.ts';
import type { RequestHeaders } from '../../contract/exchange.ts';

export function requestOf(puid: string): Pick<RequestHeaders, 'copy'> {
  return {
    copy: (name, into) => {
      const bytes = Buffer.from(puid, 'latin1');
      if (name !== PUID_HEADER || bytes.length > into.length) return -1;
      into.set(bytes);
      return bytes.length;
    },
  };
}
