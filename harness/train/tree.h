/* The order in which the pieces of a batch are added: a binary tree over them. */
#ifndef BATCHLAB_TREE_H
#define BATCHLAB_TREE_H

/* Where a branch of so many pieces is split: the left part is the largest power of two below. So
 * shares of 2, 4, 8, ... pieces are branches of the whole batch's tree. */
static inline int tree_left_part(int count)
{
    int left = 1;

    while (2 * left < count)
        left *= 2;
    return left;
}

#endif
