/// Somebody's wish to be told of a resource's updates; it ends when it is released.
package final class ResourceWatch: Sendable {
    private let onEnd: @Sendable () -> Void

    init(_ onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }

    deinit { onEnd() }
}
