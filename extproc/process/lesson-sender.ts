// Reports to the supervisor what this process has learned: not each lesson, but after the first one in a while all that came since,
// added up for each branch.
import { LESSON_DELAY_MS } from '../feedback/limits.ts';
import type { Lesson } from '../policies/state-store.ts';

export class LessonSender {
  readonly #take: () => readonly Lesson[];
  readonly #send: (lessons: readonly Lesson[]) => void;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `take`: what is to be reported, and is then reported once. */
  constructor(take: () => readonly Lesson[], send: (lessons: readonly Lesson[]) => void) {
    this.#take = take;
    this.#send = send;
  }

  /** Something was learned. */
  note(): void {
    this.#timer ??= setTimeout(() => this.flush(), LESSON_DELAY_MS).unref();
  }

  /** Reports it now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lessons = this.#take();
    if (lessons.length > 0) this.#send(lessons);
  }
}
