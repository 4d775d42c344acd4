/// Where each key of a TOML text stands, and whether the text may be given to the parser.
///
/// TOMLKit exposes no positions of values, recurses over nested tables without a bound of its own, cuts strings at U+0000,
/// and its C++ part asserts (in release builds: assumes) that a key begins where it looks for one. So this scan goes over
/// the text before it, without recursion deeper than `maxDepth`, and the parser only sees texts whose keys, strings and
/// brackets are in order.
struct TOMLOutline {
    struct Position: Hashable, Sendable {
        var line: Int
        var column: Int
    }

    /// Why the text may not be parsed.
    struct Refusal: Error, Equatable {
        var message: String
        var position: Position
    }

    static let maxDepth = 64

    private(set) var positions: [ConfigPath: Position] = [:]

    /// The position of the value or, when the text does not name it, of the nearest table around it.
    func position(of path: ConfigPath) -> Position? {
        var path = path
        while true {
            if let found = positions[path] { return found }
            guard let parent = path.parent else { return nil }
            path = parent
        }
    }

    init(scanning bytes: [UInt8]) throws(Refusal) {
        var scanner = TOMLScanner(bytes: bytes)
        try scanner.scan()
        positions = scanner.positions
    }
}
