/// Kinds of what a catalog lists, each of which changes by itself.
package struct CatalogKinds: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let tools = CatalogKinds(rawValue: 1 << 0)
    /// Resources and resource templates.
    package static let resources = CatalogKinds(rawValue: 1 << 1)
    package static let prompts = CatalogKinds(rawValue: 1 << 2)

    package static let all: CatalogKinds = [.tools, .resources, .prompts]
}
