import { examplesOf, PAGES, readme } from "../pages.ts";
import { testCommandsOf } from "./documented.ts";

for (const page of PAGES) if (page !== readme && examplesOf(page).length > 0) testCommandsOf(page);
