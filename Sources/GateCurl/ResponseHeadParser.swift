/// Collects the header lines of one response and decides when the final head is complete.
struct ResponseHeadParser {
    enum Action: Equatable {
        /// Nothing to do yet.
        case more
        /// The final head is complete.
        case head(status: Int)
        case fail(CurlError.Kind, String)
    }

    private let limits: CurlHeaderLimits
    private var fields = 0
    private var total = 0
    private var status = 0
    private(set) var block: [UInt8] = []
    private(set) var isComplete = false

    init(limits: CurlHeaderLimits) {
        self.limits = limits
    }

    /// One line with its line end, as libcurl hands it over.
    mutating func line(_ line: UnsafeRawBufferPointer) -> Action {
        total += line.count
        guard line.count <= limits.lineBytes else {
            return .fail(.tooLarge, "A response header line is longer than \(limits.lineBytes) bytes.")
        }
        guard total <= limits.totalBytes else {
            return .fail(.tooLarge, "The response headers are larger than \(limits.totalBytes) bytes.")
        }
        if line.starts(with: "HTTP/".utf8) {
            // The status line of a new head: an interim one may come before.
            guard !isComplete, let code = Self.status(line) else {
                return .fail(.protocolError, "The status line is broken.")
            }
            status = code
            block.removeAll(keepingCapacity: true)
            return .more
        }
        guard let first = line.first, first != UInt8(ascii: "\r"), first != UInt8(ascii: "\n") else {
            guard !isComplete, status >= 200 else { return .more }
            isComplete = true
            return .head(status: status)
        }
        fields += 1
        guard fields <= limits.fields else {
            return .fail(.tooLarge, "The response has more than \(limits.fields) header fields.")
        }
        guard !CurlResponseHead.isSpace(first), line.contains(UInt8(ascii: ":")) else {
            return .fail(.protocolError, "A response header line is not of the form name: value.")
        }
        if !isComplete { block.append(contentsOf: line) }
        return .more
    }

    private static func status(_ line: UnsafeRawBufferPointer) -> Int? {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let digits = line[line.index(after: space)...].prefix(while: { (0x30...0x39).contains($0) })
        guard digits.count == 3 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
