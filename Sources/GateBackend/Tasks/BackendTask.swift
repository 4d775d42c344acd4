import GateProtocol
import NIOCore

/// A task at a backend, as the backend described it last.
struct BackendTask: Sendable {
    enum Status: String {
        case working
        case inputRequired = "input_required"
        case completed
        case failed
        case cancelled
    }

    let id: String
    var status: Status
    /// How long the backend wants to be left alone.
    var pause: Duration

    /// Polls are not more frequent and not rarer than this, whatever a backend wishes.
    private static let pauses = 50...30_000

    /// A call's answer that is a task: nested in `task` (2025-11-25) or flat with a `resultType` (2026-07-28).
    init?(created reply: WireMessage, era: ProtocolEra) {
        if era == .modern {
            guard reply.string(reply.resultMember("resultType")) == "task",
                let id = reply.string(reply.resultMember("taskId"))
            else { return nil }
            self.init(
                id: id, status: reply.string(reply.resultMember("status")),
                pause: reply.int(reply.resultMember("pollIntervalMs")))
        } else {
            guard let task = reply.value(reply.resultMember("task")), let id = task["taskId"]?.stringValue else {
                return nil
            }
            self.init(id: id, status: task["status"]?.stringValue, pause: task["pollInterval"]?.intValue)
        }
    }

    private init(id: String, status: String?, pause: Int?) {
        self.id = id
        self.status = status.flatMap { Status(rawValue: $0) } ?? .working
        let bounds = BackendTask.pauses
        self.pause = .milliseconds(min(max(pause ?? 1_000, bounds.lowerBound), bounds.upperBound))
    }

    /// Takes in the answer to `tasks/get`.
    mutating func update(_ reply: WireMessage) {
        let poll = reply.int(reply.resultMember("pollIntervalMs")) ?? reply.int(reply.resultMember("pollInterval"))
        let old = pause
        self = BackendTask(id: id, status: reply.string(reply.resultMember("status")), pause: poll)
        if poll == nil { pause = old }
    }

    /// The member that names it in requests.
    var member: ByteBuffer {
        var out = ByteBuffer()
        out.writeStaticString("\"taskId\":")
        out.writeJSONString(id)
        return out
    }
}
