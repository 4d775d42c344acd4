/// A resource of a backend, found by one of its URIs.
package struct ResourceTarget: Sendable, Hashable {
    package let server: String
    /// The backend's own URI, byte for byte.
    package let uri: String

    package init(server: String, uri: String) {
        self.server = server
        self.uri = uri
    }

    package static func == (left: ResourceTarget, right: ResourceTarget) -> Bool {
        left.server.utf8.elementsEqual(right.server.utf8) && left.uri.utf8.elementsEqual(right.uri.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(Array(server.utf8))
        hasher.combine(Array(uri.utf8))
    }
}
