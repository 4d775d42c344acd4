import NIOCore

/// A resource, a resource template or a prompt under the name by which agents know it.
struct ExposedItem: Sendable {
    let item: CatalogItem
    /// Its URI, template or name for agents.
    let name: String
    /// The definition with that name in it.
    let definition: ByteBuffer
}
