import "./list.js";
import "./thread.js";
import "./composer.js";
import "./menus.js";
import "./troubles.js";
import "./why.js";
import { listen } from "./live.js";

listen();
