/// Where something stands in a tool's definition: `inputSchema.properties.path.description`.
struct DefinitionPath: CustomStringConvertible {
    private(set) var description = ""

    func appending(_ key: String) -> DefinitionPath {
        let isPlain = !key.isEmpty && key.utf8.allSatisfy { ToolNaming.isAllowed($0) || $0 == UInt8(ascii: "$") }
        var path = self
        if isPlain {
            path.description += (description.isEmpty ? "" : ".") + key
        } else {
            // A key that holds dots or worse must not be taken for a way through several.
            path.description += "[\"" + key.prefix(bytes: 128) + "\"]"
        }
        return path
    }

    func appending(_ index: Int) -> DefinitionPath {
        var path = self
        path.description += "[\(index)]"
        return path
    }
}
