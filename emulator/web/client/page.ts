// What all views work with: the server, the people, where the page is, and ways to go elsewhere.
import type { Stories } from "./feed.ts";
import type { Account, Person } from "./person.ts";
import type { Message } from "./wire.ts";

/** Where the page is: `#/<username>/<room id>/<thread id, or "plugin">`, each part but the first optional. */
export interface Route {
  readonly username: string;
  readonly rid: string;
  readonly side: string;
}

export interface Page {
  readonly server: string;
  readonly offers: readonly string[];
  readonly people: readonly Person[];
  readonly stories: Stories | undefined;
  readonly route: Route;
  emoji(name: string): string;
  go(route: Partial<Route>): void;
  add(account: Account): void;
  remove(person: Person): void;
}

/** What the view of a message is given. */
export interface MessageProps {
  readonly page: Page;
  readonly person: Person;
  readonly message: Message;
  /** It continues the message before, so it has no heading of its own. */
  readonly follows: boolean;
  /** Tab stops here. */
  readonly current: boolean;
  readonly inThread: boolean;
  readonly onFocus: () => void;
  readonly onEdit: () => void;
}
