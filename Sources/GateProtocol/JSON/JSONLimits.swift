/// Bounds that every JSON text from outside is held to before anything is decoded.
///
/// A cap on bytes is not a cap on work: a kilobyte of brackets or four megabytes of tiny objects cost a decoder seconds
/// and gigabytes, so depth and the number of values are bounded as well.
public struct JSONLimits: Sendable, Equatable {
    /// Deepest nesting of arrays and objects; at most 64, the width of the scanner's container stack.
    public var depth: Int
    /// Most values (scalars and containers) in one text.
    public var nodes: Int
    /// Most members of one object that the gateway looks into.
    public var members: Int

    public init(depth: Int = 64, nodes: Int = 200_000, members: Int = 1_000) {
        self.depth = min(max(depth, 1), 64)
        self.nodes = nodes
        self.members = members
    }

    public static let standard = JSONLimits()
}
