// Validates a CycloneDX 1.6 JSON file, strictly, by npm's @cyclonedx/cyclonedx-library. Exit 1 with the faults.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [modules, file] = process.argv.slice(2);
const require = createRequire(join(modules, 'node_modules', 'x.js'));
const { Spec, Validation } = require('@cyclonedx/cyclonedx-library');

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
const faults = await validator.validate(readFileSync(file, 'utf8'));
if (faults !== null) {
  console.error(JSON.stringify(faults.slice(0, 10), null, 1));
  process.exit(1);
}
