// Holds XML documents against a schema, with libxml2. Standard input is
// {"schema": "...", "documents": ["...", ...]}; the output is one list of problems a
// document.
const { validateXML } = require("xmllint-wasm");

(async () => {
  const { schema, documents } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const xml = documents.map((contents, i) => ({ fileName: `${i}.xml`, contents }));
  const result = await validateXML({ xml, schema: [schema], initialMemoryPages: 512, maxMemoryPages: 2048 });
  for (const { fileName } of xml) {
    const found = result.errors.filter((e) => e.loc ? e.loc.fileName === fileName : e.rawMessage.startsWith(`${fileName}:`));
    console.log(JSON.stringify(found.map((e) => e.message)));
  }
})();
