// Plain JavaScript, because it must still run on the old Node that it complains about.
const wanted = 24;
const [major = 0] = process.versions.node.split('.').map(Number);

if (major < wanted) {
  console.error(
    `This needs Node ${wanted} or newer; it is running on ${process.version} (${process.execPath}).\n` +
      'On Linux (x64, arm64), npm ci brings the right Node along: start things through npm (npm start, npm test),\n' +
      `and do not install with --omit=optional. On other systems install Node ${wanted} yourself: https://nodejs.org`,
  );
  process.exit(1);
}
