/// One event of a `text/event-stream` body.
package struct ServerSentEvent: Sendable, Equatable {
    package var event: String?
    package var id: String?
    package var retry: String?
    package var data: String

    /// nil for a block of comments.
    init?(block: ArraySlice<UInt8>) {
        var data: [String] = []
        var isComment = true
        for line in block.split(separator: 0x0A) where line.first != UInt8(ascii: ":") {
            isComment = false
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: parts.first ?? [], as: UTF8.self)
            let rest = parts.count > 1 ? parts[1] : []
            let value = String(decoding: rest.first == 0x20 ? rest.dropFirst() : rest, as: UTF8.self)
            switch name {
            case "event": event = value
            case "id": id = value
            case "retry": retry = value
            case "data": data.append(value)
            default: break
            }
        }
        if isComment { return nil }
        self.data = data.joined(separator: "\n")
    }
}
