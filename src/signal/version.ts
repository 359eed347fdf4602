/** This program's version, as package.json has it; a constant, so that it is known in a browser too. */
export const VERSION = "0.1.0";
