import "./inbox/layout.js";
import "./inbox/say.js";
import "./inbox/splitter.js";
import "./inbox/templates.js";
import "./list.js";
import "./inbox/filters.js";
import "./inbox/search.js";
import "./inbox/list_keys.js";
import "./inbox/bulk.js";
import "./inbox/row_menu.js";
import "./thread.js";
import "./inbox/thread_actions.js";
import "./composer.js";
import "./menus.js";
import "./troubles.js";
import "./why.js";
import { listen } from "./live.js";

listen();
