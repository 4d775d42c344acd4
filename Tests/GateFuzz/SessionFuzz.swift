import GateServer

enum SessionFuzz {
    private static let sealer = SessionSealer(key: [UInt8](repeating: 7, count: 32))

    static func check(_ input: [UInt8]) -> String? {
        guard let sealer else { return "no sealer" }
        // Nobody can have made it without the key.
        return sealer.open(input[...]) != nil ? "a session id was taken that nobody has sealed" : nil
    }
}
