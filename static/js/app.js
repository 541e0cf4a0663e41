import "./inbox/layout.js";
import "./inbox/say.js";
import "./inbox/splitter.js";
import "./inbox/templates.js";
import "./list.js";
import "./thread.js";
import "./inbox/thread_actions.js";
import "./composer.js";
import "./menus.js";
import "./troubles.js";
import "./why.js";
import { listen } from "./live.js";

listen();
