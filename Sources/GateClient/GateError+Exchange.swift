import GateCurl
public import GateProtocol

extension GateError {
    /// Why an exchange brought no answer.
    ///
    /// - Parameter changes: whether the request may have made somebody act.
    init(_ error: CurlError, from address: GatewayAddress, changes: Bool) {
        switch error.kind {
        case .connect, .resolve:
            self.init(
                .gatewayUnreachable,
                "No gateway answers at \(address.text). Start it with: stonegate serve (\(error.message))")
        case .refusedAddress:
            self.init(
                .gatewayUnreachable,
                "\(address.text) leads to another machine, to which the local admin token is not sent.")
        case .tls: self.init(.gatewayUnreachable, "No secure connection to \(address.text): \(error.message)")
        case .timeout where error.sent:
            self.init(
                .timeout,
                "The gateway at \(address.text) did not answer in time; whether the request was carried out is not known.",
                sent: true)
        case .timeout:
            self.init(
                .gatewayUnreachable,
                "No connection to \(address.text) in time. Check that the gateway runs and is not overloaded.")
        case .closed where error.sent && changes:
            self.init(
                .outcomeUnknown,
                "The connection to the gateway broke before its answer came; whether the request was carried out is not "
                    + "known. (\(error.message))", sent: true)
        case .closed:
            self.init(
                .gatewayUnreachable, "The gateway at \(address.text) closed the connection. (\(error.message))",
                sent: error.sent)
            // Reading can be repeated without harm.
            retryable = true
        case .cancelled:
            self.init(.cancelled, "The task was cancelled.", source: .caller, sent: error.sent)
        case .shutDown:
            self.init(.cancelled, "This client was shut down.", source: .caller, sent: error.sent)
        case .tooLarge:
            self.init(
                .payloadTooLarge,
                "The gateway's answer is larger than this client accepts (maxAnswerBytes).", source: .caller,
                sent: error.sent)
        case .protocolError: self = address.notStonegate(error.message, sent: error.sent)
        case .invalidRequest: self.init(.badRequest, error.message, source: .caller)
        case .resource: self.init(.internalError, error.message)
        }
    }

    /// What the gateway said instead of an answer.
    init(answer: [UInt8], status: Int, from address: GatewayAddress) {
        if let json = try? JSONValue(parsing: answer), let error = GateError(json: json) {
            self = error
        } else {
            self = address.notStonegate("HTTP status \(status)", sent: true)
        }
    }
}

extension ErrorCode {
    /// The tool ran and says that it failed: its result has `isError`. The message is the tool's own text.
    public static let toolError = ErrorCode(rawValue: "TOOL_ERROR")
    /// The tool's result does not have the form that the caller asked for.
    public static let unexpectedResult = ErrorCode(rawValue: "UNEXPECTED_RESULT")
}
