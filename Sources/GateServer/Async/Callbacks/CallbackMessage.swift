import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// What a callback says: the call as polling shows it, signed as Standard Webhooks (standardwebhooks.com) do, so that its libraries
/// verify it.
struct CallbackMessage: Sendable {
    /// A larger result is not sent along; whoever is told fetches it.
    static let maxResultBytes = 256 * 1_024

    let id: String
    let body: [UInt8]

    init(_ record: AsyncCallRecord) {
        id = record.id.description
        let document = CallDocument(AsyncCallView(record: record))
        body = Array(buffer: document.text(maxResultBytes: CallbackMessage.maxResultBytes))
    }

    /// The header fields of one attempt.
    /// - Parameter time: seconds since 1970.
    func headers(time: Int, key: KeyedHash) -> [(name: String, value: String)] {
        let tag = key.tag(Array("\(id).\(time).".utf8) + body)
        return [
            (name: "Content-Type", value: "application/json"), (name: "webhook-id", value: id),
            (name: "webhook-timestamp", value: "\(time)"),
            (name: "webhook-signature", value: "v1,\(Base64.encode(tag))"),
        ]
    }
}
