/// Where each key of a TOML text stands, and whether the text may be given to the parser.
///
/// TOMLKit exposes no positions of values, recurses over nested tables without a bound of its own and cuts strings at
/// U+0000. This scan goes over the text before it, without recursion deeper than `maxDepth`.
struct TOMLOutline {
    struct Position: Hashable, Sendable {
        var line: Int
        var column: Int
    }

    /// Why the text may not be parsed.
    struct Refusal: Error, Equatable {
        var message: String
        var offset: Int
        var position: Position
        /// The parser has the better message for it, and is safe on the text up to `offset`.
        var isSyntax: Bool
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
