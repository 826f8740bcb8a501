import { readme } from "../pages.ts";
import { testCommandsOf } from "./documented.ts";

testCommandsOf(readme);
