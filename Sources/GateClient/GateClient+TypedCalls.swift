public import GateProtocol

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension GateClient {
    /// Calls a tool with a Swift value and reads its result into another.
    ///
    /// ```swift
    /// struct Numbers: Encodable { let numbers: [Double] }
    /// struct Statistics: Decodable { let mean: Double }
    /// let result = try await client.call("demo/stats", arguments: Numbers(numbers: [1, 2, 3]), as: Statistics.self)
    /// ```
    ///
    /// The result is read from the tool's structured content, or, when there is none, from its only text as JSON. With
    /// `String.self` it is that text itself.
    ///
    /// - Parameters:
    ///   - arguments: a value that encodes as an object, with the keys of the tool's schema.
    ///   - timeout: as in ``call(_:arguments:timeout:)``.
    /// - Throws: `TOOL_ERROR` when the tool says that it failed, `UNEXPECTED_RESULT` when the result does not fit the type,
    ///   `INVALID_PARAMS` when the arguments cannot be encoded; otherwise as ``call(_:arguments:timeout:)``.
    public func call<Output: Decodable>(
        _ tool: String, arguments: some Encodable, as type: Output.Type, timeout: Duration? = nil
    ) async throws(GateError) -> Output {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(arguments))
        } catch {
            throw GateError(.invalidParams, "The arguments cannot be encoded: \(error)", source: .caller)
        }
        let answer = try await call(tool, json: bytes, timeout: timeout)
        return try answer.decode(type)
    }
}

extension CallAnswer {
    /// Whether the tool says that it failed. ``text`` then tells why.
    public var isError: Bool { result["isError"]?.boolValue ?? false }

    /// The text blocks of the result, one after the other with a line break between them.
    public var text: String { textBlocks.joined(separator: "\n") }

    /// The result's structured content; nil when it has none.
    public var structuredContent: JSONValue? { result["structuredContent"].flatMap { $0.isNull ? nil : $0 } }

    private var textBlocks: [String] {
        (result["content"]?.arrayValue ?? []).compactMap { block in
            block["type"]?.stringValue == "text" ? block["text"]?.stringValue : nil
        }
    }

    /// Reads the result into a Swift value: from its structured content, else from its only text as JSON, or for `String`
    /// that text itself.
    ///
    /// - Throws: `TOOL_ERROR` when the tool says that it failed, `UNEXPECTED_RESULT` when the result does not fit the type.
    public func decode<Output: Decodable>(_ type: Output.Type = Output.self) throws(GateError) -> Output {
        func failure(_ code: ErrorCode, _ message: String) -> GateError {
            GateError(
                code, message, source: .backend, server: server, tool: tool, sent: true, correlationID: correlationID)
        }
        if isError { throw failure(.toolError, text.isEmpty ? "The tool failed and does not say why." : text) }
        let json: [UInt8]
        if let structuredContent {
            json = structuredContent.bytes
        } else {
            let blocks = result["content"]?.arrayValue ?? []
            guard blocks.count == 1, let text = textBlocks.first else {
                throw failure(
                    .unexpectedResult,
                    "\(server)/\(tool) returned neither structured content nor exactly one text, but \(blocks.count) "
                        + "content blocks. Use the call without a type and look into its result.")
            }
            if let text = text as? Output { return text }
            json = Array(text.utf8)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch {
            throw failure(.unexpectedResult, "The result of \(server)/\(tool) is no \(type): \(error)")
        }
    }
}
