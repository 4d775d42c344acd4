import GateProtocol
import GateTestKit
import Synchronization

/// A stream of events.
final class StreamListening: Listening {
    private let stream: EventStream
    private let note: @Sendable (Message) -> Void
    private let state = Mutex((position: 0, messages: [Message]()))

    init(_ stream: EventStream, note: @escaping @Sendable (Message) -> Void) {
        self.stream = stream
        self.note = note
    }

    var all: [Message] { stream.events.all.compactMap { try? Message($0.data) } }
    /// The events as they came, with their ids.
    var events: [ServerSentEvent] { stream.events.all }

    func next(within time: Duration, where matches: @escaping @Sendable (JSONValue) -> Bool) async throws -> Message {
        let start = state.withLock { $0.position }
        let found = try await stream.events.first(from: start, within: time) {
            (try? Message($0.data)).map { matches($0.json) } ?? false
        }
        for event in stream.events.all[start...found.index] {
            if let message = try? Message(event.data) { note(message) }
        }
        state.withLock { $0.position = found.index + 1 }
        return try Message(found.element.data)
    }

    func close() async { stream.close() }
}

/// What comes on the stdout of a bridge.
final class PipeListening: Listening {
    private let program: Program
    private let start: Int
    private let ending: @Sendable () async -> Void
    private let position: Mutex<Int>

    init(_ program: Program, from start: Int, ending: @escaping @Sendable () async -> Void) {
        self.program = program
        self.start = start
        self.ending = ending
        position = Mutex(start)
    }

    var all: [Message] { program.output.all.dropFirst(start).compactMap { try? Message($0) } }

    func next(within time: Duration, where matches: @escaping @Sendable (JSONValue) -> Bool) async throws -> Message {
        let found = try await program.output.first(from: position.withLock { $0 }, within: time) {
            (try? Message($0)).map { matches($0.json) } ?? false
        }
        position.withLock { $0 = found.index + 1 }
        return try Message(found.element)
    }

    func close() async { await ending() }
}
