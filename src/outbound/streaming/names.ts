// Owns whether a message may notify somebody, and so has to be posted: an edit notifies nobody.

/** As the server looks for them: `@` behind a space or a sign, `_` among them, and a name. In code they count here, too, to be safe. */
const NAME = /(?:^|[^\p{L}\p{N}])@[\p{L}\p{N}._-]/u;

/** Whether a text names people, a group, or everybody. */
export const namesSomebody = (text: string): boolean => NAME.test(text);
