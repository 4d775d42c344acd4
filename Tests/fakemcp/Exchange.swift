/// The way back to the sender of one message.
protocol Exchange: AnyObject {
    /// Sends a notice or a server request that belongs to this exchange; the answer may still follow.
    func notify(_ message: JSON)
    /// Answers. The exchange is over.
    func finish(_ message: JSON)
    /// Ends the exchange with bytes that are sent as they are.
    func finish(bytes: [UInt8])
    /// Takes the place of an answer: HTTP misbehaviour; stdio has none.
    func misbehave(_ evil: Evil)
}
