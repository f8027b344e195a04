/**
 * Node's HTTP, got in the way that costs least. An `import` reads every export once, also those that Node makes when they are first read:
 * there is a WebSocket client among them, and with all that it loads it takes 7 MB and 15 ms (nodejs/node#59686).
 */
export const http = process.getBuiltinModule('node:http');
