/** A program that uses the installed package, compiled against its types and run by try-package.ts. */

import { cadenceRoles, makeCadence, type ScanRole, UsageError } from "lodestone";
import { cadenceRoles as sameInBrowser } from "lodestone/browser";

const roles: ScanRole[] = cadenceRoles("ABACAD");
if (roles.join() !== "ON,OFF,ON,OFF,ON,OFF") throw new Error(`roles: ${roles.join()}`);
if (sameInBrowser !== cadenceRoles) throw new Error("the two entries hold two copies of one function");
try {
  makeCadence("AB", ["one.fil"]);
  throw new Error("a cadence of two took one scan");
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
}
console.log("The import and the types work.");
