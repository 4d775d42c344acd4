package import NIOCore

/// One tool of the catalog, ready to be listed.
package struct CatalogTool: Sendable {
    package let target: ToolTarget
    /// The name under which agents see it.
    package let name: String
    package let title: String?
    package let description: String
    /// The input schema as agents get it (JSON text).
    package let inputSchema: ByteBuffer
    /// The whole definition as agents get it (JSON text): the backend's bytes but for the name and what had to be repaired.
    package let definition: ByteBuffer
    /// The definition for agents of older revisions, when it differs (an output schema that is not an object is left out).
    package let legacyDefinition: ByteBuffer?
    /// The backend's own definition, untouched.
    package let original: ByteBuffer
    /// What was repaired, in words.
    package let repairs: [String]
    package var taskSupport = TaskSupport.unstated

    package init(
        target: ToolTarget, name: String, title: String?, description: String, inputSchema: ByteBuffer,
        definition: ByteBuffer, legacyDefinition: ByteBuffer?, original: ByteBuffer, repairs: [String]
    ) {
        self.target = target
        self.name = name
        self.title = title
        self.description = description
        self.inputSchema = inputSchema
        self.definition = definition
        self.legacyDefinition = legacyDefinition
        self.original = original
        self.repairs = repairs
    }
}
