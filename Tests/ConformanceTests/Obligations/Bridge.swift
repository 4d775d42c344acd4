extension Obligation {
    static let modernToLegacy: [Obligation] = []
    static let legacyToModern: [Obligation] = []
}
