"""Every matrix product of one training step of the transformer: (m, n, k, how often).

The work that the model needs and no more: the last layer computes only its last position (queries, feed-forward,
outputs), the cross-attention keys and values of all layers are one product over the shared memory.
"""
PARAMETERS = 17_867_520
# A parameter's in the optimizer: weight, two moments and gradient read, weight and moments written, a bf16 copy.
STEP_BYTES = 30


def products(batch, context=5, width=768, d=512, layers=4, feedforward=2048):
    rows, last = batch * context, batch
    forward = [(rows, d, width, 1)]  # input projection
    forward += [(rows, 2 * d * layers, d, 1)]  # cross keys and values, all layers
    whole = layers - 1
    forward += [(rows, 3 * d, d, whole), (rows, d, d, 3 * whole), (rows, feedforward, d, whole), (rows, d, feedforward, whole)]
    forward += [(rows, 2 * d, d, 1), (last, d, d, 4), (last, feedforward, d, 1), (last, d, feedforward, 1)]
    forward += [(last, d, d, 1), (last, width, d, 1)]  # head
    both = []
    for index, (m, n, k, count) in enumerate(forward):
        both.append((m, n, k, count))  # y = x w
        both.append((n, k, m, count))  # gradient of w
        if index > 0:
            both.append((m, k, n, count))  # gradient of x; the contexts need none
    return both


def flop(batch):
    return sum(2 * m * n * k * count for m, n, k, count in products(batch))
