// Holds each XML document of a list against a schema, with libxml2. Standard input
// is {"schema": "...", "documents": ["...", ...]}; the output is one list of
// problems a document.
const { validateXML } = require("xmllint-wasm");

(async () => {
  const { schema, documents } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  for (const contents of documents) {
    const result = await validateXML({ xml: [{ fileName: "document.xml", contents }], schema: [schema] });
    console.log(JSON.stringify(result.valid ? [] : result.errors.map((e) => e.message)));
  }
})();
